# One file for the four images; SERVICE is ingest, router, agents or notify:
#
#     docker build --build-arg SERVICE=router --tag trunkline/router .
#
# Debian, not Alpine: the rule engine has no wheels for musl. Nothing is compiled here: every package comes as a wheel
# whose hash is in services/<name>/requirements.txt.

ARG PYTHON=python:3.11-slim-bookworm
ARG NODE=node:22-bookworm-slim

# Trunkline itself as a wheel: installed, its channels are found as a third party's are (entry points).
FROM ${PYTHON} AS wheel
WORKDIR /src
COPY deploy/build-requirements.txt deploy/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r deploy/build-requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY shared/ shared/
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel .

# An environment of what this service needs, and no more.
FROM ${PYTHON} AS packages
ARG SERVICE
RUN test -n "${SERVICE}" || { echo 'say which: --build-arg SERVICE=ingest|router|agents|notify' >&2; exit 1; }
RUN python -m venv /opt/trunkline
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY services/${SERVICE}/requirements.txt /src/requirements.txt
RUN /opt/trunkline/bin/pip install --require-hashes --only-binary :all: -r /src/requirements.txt
COPY --from=wheel /wheel/ /wheel/
RUN /opt/trunkline/bin/pip install --no-deps /wheel/*.whl

# The service's own files. The agents' desk is built here; the chat's widget comes built.
FROM ${NODE} AS service
ARG SERVICE
WORKDIR /src
COPY services/${SERVICE}/ services/${SERVICE}/
RUN set -eu; \
    if [ -e "services/${SERVICE}/desktop/package.json" ]; then \
      cd "services/${SERVICE}/desktop"; npm ci --omit=dev --no-audit --no-fund; npm run build; rm -rf node_modules; \
    fi

FROM ${PYTHON}
ARG SERVICE
# A number, so that Kubernetes can see that it is not root. Its one folder to write to is the blobs'.
RUN groupadd --gid 10001 trunkline \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/trunkline --shell /usr/sbin/nologin trunkline \
 && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/trunkline
COPY --from=packages /opt/trunkline/ /opt/trunkline/
COPY --from=service /src/services/ /app/services/
# A container's port is reached through its own address only: loopback would be nobody.
ENV PATH=/opt/trunkline/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRUNKLINE_CONFIG_FILE=/etc/trunkline/trunkline.yaml \
    TRUNKLINE_DATA_DIR=/var/lib/trunkline \
    TRUNKLINE_LISTEN_HOST=0.0.0.0 \
    TRUNKLINE_OPS_HOST=0.0.0.0 \
    TRUNKLINE_SMTP_HOST=0.0.0.0 \
    SERVICE=${SERVICE}
WORKDIR /app
USER 10001:10001
LABEL org.opencontainers.image.title="trunkline ${SERVICE}" \
      org.opencontainers.image.licenses="Apache-2.0"
# exec: the service is process 1 and gets SIGTERM itself.
CMD ["sh", "-c", "exec python -m services.$SERVICE"]
