/** The page in a notebook, as an anywidget module: words, language and events come through the widget's model. */
import { mount } from "./app.js";
import { overModel } from "./transports.js";

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "goru-live";
  el.append(root);
  return mount(root, { transport: overModel(model), words: model.get("words"), language: model.get("language") });
}

export default { render };
