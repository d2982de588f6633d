// The floor now, read anew every two seconds while anything shows it.
import { useQuery } from "@tanstack/react-query";
import { api, want } from "../api/client";

const EVERY_MS = 2_000;

export const useLive = () =>
  useQuery({ queryKey: ["live"], queryFn: () => want(api.GET("/api/v1/live")), refetchInterval: EVERY_MS });
