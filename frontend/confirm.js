// A submit button with data-confirm="question" asks before its form leaves.
export function confirmBeforeSubmit(event) {
  const question = event.submitter?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}
