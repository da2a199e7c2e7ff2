// A slider that a keyboard and a screen reader can use: the browser's own, with a label and its value beside it.
function render({ model, el }) {
  const id = `cx-slider-${Math.random().toString(36).slice(2)}`;
  const label = document.createElement("label");
  const input = document.createElement("input");
  const value = document.createElement("output");
  label.htmlFor = input.id = id;
  label.textContent = model.get("description");
  input.type = "range";
  input.min = model.get("minimum");
  input.max = model.get("maximum");
  input.step = model.get("step");
  value.htmlFor = id;

  const shown = () => {
    const number = Number(input.value) * (model.get("percent") ? 100 : 1);
    const text = number.toLocaleString(model.get("language"), { maximumFractionDigits: 2 });
    value.textContent = model.get("percent") ? `${text}%` : text;
    input.setAttribute("aria-valuetext", value.textContent);
  };
  const fromModel = () => {
    input.value = model.get("value");
    shown();
  };
  input.addEventListener("input", () => {
    shown();
    model.set("value", Number(input.value));
    model.save_changes();
  });
  model.on("change:value", fromModel);
  fromModel();

  el.classList.add("cx-slider");
  el.append(label, input, value);
  return () => model.off("change:value", fromModel);
}

export default { render };
