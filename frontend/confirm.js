// A submit button with data-confirm="question" asks before the form leaves, in the page's own dialog (#ix-confirm).
const confirmed = new WeakSet();

function ask(question, whenYes) {
  const dialog = document.getElementById('ix-confirm');
  if (!dialog) {
    if (window.confirm(question)) whenYes();
    return;
  }
  dialog.querySelector('[data-question]').textContent = question;
  dialog.returnValue = '';
  dialog.addEventListener('close', () => dialog.returnValue === 'yes' && whenYes(), { once: true });
  dialog.showModal();
}

export function confirmBeforeSubmit(event) {
  const button = event.submitter;
  const question = button?.dataset.confirm;
  if (!question || confirmed.delete(button)) return;
  event.preventDefault();
  ask(question, () => {
    confirmed.add(button);
    event.target.requestSubmit(button);
  });
}
