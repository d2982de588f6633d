// The desk begins here.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { readPrefs, show } from "./live/prefs";
import "./style/base.css";
import "./style/desk.css";
import "./style/pages.css";
import { speak } from "./words";

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: 2, refetchOnWindowFocus: true }, mutations: { retry: 0 } },
});

speak(navigator.language);
show(readPrefs());
const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
