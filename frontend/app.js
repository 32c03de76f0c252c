// Everything works without this file: it only shortens the way.
function printOnClick(event) {
  if (event.target.closest('[data-print]')) window.print();
}

// A button that does nothing without script is shown only where script runs.
function showScriptOnly() {
  for (const element of document.querySelectorAll('[data-script-only]')) element.hidden = false;
}

// After a refusal the reader starts from the summary of errors.
function focusOnErrors() {
  document.querySelector('[data-focus]')?.focus();
}

document.addEventListener('click', printOnClick);
showScriptOnly();
focusOnErrors();
