// Making and changing elements. Text is set as text, never as markup: it may be anybody's.

export const byId = (id) => document.getElementById(id);

export function make(tag, { className, text, ...attributes } = {}, children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function draw(tag, attributes = {}, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A line with its severity in front, where it has one.
export function titled(severity, text) {
  const pill = severity ? [make("span", { className: `pill ${severity}`, text: severity }), " "] : [];
  return make("span", { className: "title" }, [...pill, text]);
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

// Has a list show these items, each in the element it had before, so that focus stays where it is.
export function keyed(list, items, keyOf, create, update) {
  const before = list.elementsByKey ?? new Map();
  const after = new Map();
  let place = list.querySelector(":scope > [data-keyed]");
  for (const item of items) {
    const key = keyOf(item);
    let element = before.get(key);
    if (!element) {
      element = create(item);
      element.dataset.keyed = "";
    }
    before.delete(key);
    after.set(key, element);
    update(element, item);
    if (element === place) place = next(place);
    else list.insertBefore(element, place);
  }
  for (const element of before.values()) element.remove();
  list.elementsByKey = after;
}

function next(element) {
  let found = element.nextElementSibling;
  while (found && found.dataset.keyed === undefined) found = found.nextElementSibling;
  return found;
}
