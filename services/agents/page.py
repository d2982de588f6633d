"""The desk's page and its built files."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parent / "desktop" / "dist"
"""Made by deploy/bootstrap.py."""

_NOT_BUILT = "The desk is not built: run `make venv`, or `npm ci && npm run build` in services/agents/desktop."


class _Assets(StaticFiles):
    """Built files. Their names change with their content, so a browser may keep them for ever."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """As StaticFiles, with a year of caching."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def install(app: FastAPI) -> None:
    """Serve the page at `/` and its files under `/desk/assets/`."""

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        index = BUILT / "index.html"
        return FileResponse(index) if index.is_file() else PlainTextResponse(_NOT_BUILT, status_code=503)

    app.mount("/desk/assets", GZipMiddleware(_Assets(directory=BUILT / "assets", check_dir=False)))
