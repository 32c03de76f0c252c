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

// On a phone the tabs scroll sideways: the one that is open should be seen.
function showCurrentTab() {
  for (const tab of document.querySelectorAll('.ix-tabs [aria-current]')) {
    const list = tab.closest('.ix-tabs');
    list.scrollLeft = tab.offsetLeft - list.offsetLeft - (list.clientWidth - tab.clientWidth) / 2;
  }
}

// The session locks when nobody uses it: say so in time, and let one key keep it open.
function watchLock() {
  const box = document.querySelector('[data-lock]');
  if (!box) return;
  const soon = box.querySelector('[data-lock-soon]');
  const over = box.querySelector('[data-lock-over]');
  const token = document.querySelector('input[name="csrf_token"]');
  let end = Date.now() + box.dataset.seconds * 1000;
  function show() {
    const left = (end - Date.now()) / 1000;
    over.hidden = left > 0;
    soon.hidden = left <= 0 || left > box.dataset.warning;
  }
  async function extend() {
    const body = new URLSearchParams({ csrf_token: token ? token.value : '' });
    const answer = await fetch(box.dataset.url, { method: 'POST', body }).catch(() => null);
    if (answer) end = Date.now() + (answer.ok ? box.dataset.idle * 1000 : 0);
    show();
  }
  box.querySelector('[data-lock-extend]').addEventListener('click', extend);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !soon.hidden) extend();
  });
  setInterval(show, 5000);
  show();
}

document.addEventListener('click', printOnClick);
watchLock();
showCurrentTab();
showScriptOnly();
focusOnErrors();
