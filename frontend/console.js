// One delegated listener for the console, whose policy allows no inline handler. The overridden templates say what a
// control does by attributes: data-confirm, data-model-action (bulk action), data-add-inline (another inline form).
import { confirmBeforeSubmit } from './confirm.js';

const handlers = {
  '[data-model-action]': (element) => window.modelActions?.execute(element.dataset.modelAction),
  '[data-add-inline]': (element) => window.faForm?.addInlineField(element, element.dataset.addInline),
};

function handle(event) {
  for (const [selector, act] of Object.entries(handlers)) {
    const element = event.target.closest(selector);
    if (!element) continue;
    event.preventDefault();
    act(element);
  }
}

// Links of the stock templates that only open a menu: following "javascript:" would be a violation of the policy.
function stay(event) {
  if (event.target.closest('a[href^="javascript:"]')) event.preventDefault();
}

document.addEventListener('click', stay);
document.addEventListener('click', handle);
document.addEventListener('submit', confirmBeforeSubmit);
