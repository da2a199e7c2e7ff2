// While a control has the focus its keys are its own. JupyterLab listens on the document and takes arrow keys, letters
// and digits for commands of the notebook; it leaves alone what this attribute marks. Ctrl+S and the like stay with it.
function render() {
  const keep = ({ target, ctrlKey, metaKey }) => {
    if (target.closest(".jupyter-widgets")) {
      target.toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey);
    }
  };
  window.addEventListener("keydown", keep, true);
  return () => window.removeEventListener("keydown", keep, true);
}

export default { render };
