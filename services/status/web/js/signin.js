// The form that asks for a token, in front of the page as it is.
import { html, nothing, render } from "../vendor/lit-html/lit-html.js";

/** A dialog; `t` gives its words at the time it is shown. */
export class SignInForm {
  constructor(t) {
    this.t = t;
    this.answer = null;
    this.dialog = document.createElement("dialog");
    this.dialog.className = "signin";
    this.dialog.setAttribute("aria-labelledby", "signin-title");
    this.dialog.addEventListener("cancel", (event) => event.preventDefault()); // without a sign-in there is nothing behind it
    this.dialog.addEventListener("close", () => this.stay()); // a second Escape closes it all the same
    document.body.append(this.dialog);
  }

  /** Ask for a token; null where another tab has signed in meanwhile. `message` is [key, …values] or null. */
  ask(message) {
    this.show(message);
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  cancel() {
    this.answer?.(null);
  }

  done() {
    this.answer = null;
    if (this.dialog.open) this.dialog.close();
    render(nothing, this.dialog);
  }

  /** Stay open as long as the question is: whatever reads is waiting for it. */
  stay() {
    if (this.answer !== null && !this.dialog.open) this.dialog.showModal();
  }

  show(message) {
    const { t } = this;
    const submit = (event) => {
      event.preventDefault();
      const token = new FormData(event.target).get("token").trim();
      if (token) this.answer?.(token);
    };
    render(
      html`<form @submit=${submit}>
        <h2 id="signin-title">${t("signin.title")}</h2>
        <p>${t("signin.lead")}</p>
        <p class="refused" role="alert">${message ? t(...message) : nothing}</p>
        <label for="signin-token">${t("signin.token")}</label>
        <input id="signin-token" name="token" type="password" autocomplete="current-password" required spellcheck="false" />
        <button class="main">${t("signin.submit")}</button>
      </form>`,
      this.dialog,
    );
    const input = this.dialog.querySelector("input");
    input.value = "";
    if (!this.dialog.open) this.dialog.showModal();
    input.focus();
  }
}
