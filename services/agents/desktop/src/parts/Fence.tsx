// A page that breaks must not take the desk with it: offers, presence and the socket go on.
import { Component, type ReactNode } from "react";
import { say } from "../words";

export class Fence extends Component<{ children: ReactNode }, { problem: string }> {
  override state = { problem: "" };

  static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: String(error) };
  }

  override render(): ReactNode {
    if (!this.state.problem) return this.props.children;
    return (
      <main className="empty">
        <p className="bad" role="alert">{say("pageBroke", { why: this.state.problem })}</p>
        <button type="button" onClick={() => this.setState({ problem: "" })}>{say("tryAgain")}</button>
      </main>
    );
  }
}
