# syntax=docker/dockerfile:1
# The service in an image: docker build -t procsearch . && docker run -p 8017:8017 -v my-index:/index:ro \
#   -e PROCSEARCH_TOKEN=... procsearch

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/procsearch \
    && /opt/procsearch/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements/image.txt \
    && pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/procsearch/bin/pip install --no-cache-dir --no-compile --no-deps /wheels/*.whl

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="procsearch" \
      org.opencontainers.image.description="The search engine for medical procedure documents" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/procsearch /opt/procsearch
RUN useradd --system --no-create-home --uid 10017 procsearch
USER 10017
ENV PATH=/opt/procsearch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PROCSEARCH_INDEX=/index
VOLUME /index
EXPOSE 8017
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8017/healthz', timeout=4)"]
# Other machines reach it, so it asks for PROCSEARCH_TOKEN, or for --open in place of it.
ENTRYPOINT ["procsearch", "serve", "--host", "0.0.0.0"]
