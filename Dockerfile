# flows in a container: docker build -t flows . && docker run --rm flows demo
# Without words it serves Slack; the settings come from the environment (flows settings lists them).
#
# No HEALTHCHECK: in Socket Mode nothing listens, and the process ends when it cannot go on.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/flows && python -m venv /opt/build
COPY requirements.lock requirements-build.lock ./
RUN /opt/flows/bin/pip install --only-binary=:all: --require-hashes -r requirements.lock \
 && /opt/build/bin/pip install --only-binary=:all: --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY commands commands
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
 && /opt/flows/bin/pip install --no-deps --no-index /wheels/*.whl \
 && /opt/flows/bin/pip check \
 && /opt/flows/bin/flows --version \
 && /opt/flows/bin/pip uninstall --yes pip

FROM python:${PYTHON_VERSION}-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin flows \
 && install --directory --owner=flows --group=flows /var/cache/flows /var/lib/flows
COPY --from=build /opt/flows /opt/flows
# Outside a container HTTP listens on 127.0.0.1; in one, only other addresses can be reached.
ENV PATH=/opt/flows/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLOWS_CACHE=/var/cache/flows \
    FLOWS_STATE=/var/lib/flows/state.db \
    FLOWS_HTTP_HOST=0.0.0.0 \
    MPLCONFIGDIR=/var/cache/flows/matplotlib
# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001
WORKDIR /home/flows
VOLUME /var/cache/flows /var/lib/flows
EXPOSE 3000
ENTRYPOINT ["flows"]
CMD ["serve"]
