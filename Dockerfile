# syntax=docker/dockerfile:1
# Atrium in a container, built from this folder:
#   docker build --tag atrium .                      with both models, which answer and find without a key and without a network
#   docker build --tag atrium --target plain .       without them
# The first build compiles everything and takes many minutes; later ones go on from its caches. docs/administrators.md says how to run it.

ARG DEBIAN=bookworm
ARG RUST=1.95
ARG NODE=20
ARG PYTHON=3.12

FROM node:${NODE}-${DEBIAN}-slim AS node

# -- The program, with pages, styles, WASM and migrations in it -------------------------------------------------------------------
FROM rust:${RUST}-${DEBIAN} AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && rustup target add wasm32-unknown-unknown
WORKDIR /build
COPY . .
# What is compiled and fetched stays in the builder's caches; the program leaves them by the copy.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    --mount=type=cache,target=/build/.tools,sharing=locked \
    scripts/run build \
    && cp target/release/atrium /usr/local/bin/atrium

# -- The two model files, each checked against its SHA-256 ------------------------------------------------------------------------
FROM python:${PYTHON}-slim-${DEBIAN} AS models
COPY scripts/lib.sh scripts/models /build/scripts/
RUN /build/scripts/models /fetched

# -- What runs ----------------------------------------------------------------------------------------------------------------------
FROM debian:${DEBIAN}-slim AS plain
RUN groupadd --system --gid 10001 atrium \
    && useradd --system --uid 10001 --gid atrium --home-dir /data --no-create-home --shell /usr/sbin/nologin atrium \
    && install -d -o atrium -g atrium -m 0700 /data \
    && install -d /etc/atrium
COPY packaging/docker/entrypoint /usr/lib/atrium/
COPY --from=build /usr/local/bin/atrium /usr/bin/atrium
# All of it may be said otherwise. The last two give memory back when a model leaves it.
ENV ATRIUM_LISTEN=0.0.0.0:3000 \
    ATRIUM_DATA=/data \
    MALLOC_MMAP_THRESHOLD_=262144 \
    MALLOC_TRIM_THRESHOLD_=262144
USER 10001:10001
# An atrium.toml that is mounted here is read.
WORKDIR /etc/atrium
VOLUME ["/data"]
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --start-interval=1s --retries=3 CMD ["atrium", "health"]
ENTRYPOINT ["/usr/lib/atrium/entrypoint"]
CMD ["serve"]

FROM plain AS atrium
COPY --from=models /fetched/models /usr/share/atrium/models
