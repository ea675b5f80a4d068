# Both services and the command in one image, for any OCI runtime:
#
#   docker build -t lowbalance .            (or: buildah build -t lowbalance .)
#   docker run --read-only -v lowbalance:/var/lib/lowbalance -v ./etc:/etc/lowbalance:ro \
#     -p 10380:10380 lowbalance lowbalance-exporter --config.file=/etc/lowbalance/lowbalance.yml
#
# It writes nowhere but to /var/lib/lowbalance, and runs as a user without a name or rights.

ARG DEBIAN=docker.io/library/debian:trixie-slim

FROM ${DEBIAN} AS build
WORKDIR /src
# The scripts alone first: as long as they are the same, the packages need not be installed again.
COPY scripts scripts
RUN mkdir build && scripts/install-packages build && scripts/fetch-httplib
COPY . .
RUN scripts/build release lowbalance lowbalance-exporter lowbalance-webhook compressed_pages && \
    DESTDIR=/image cmake --install build/release --prefix /usr --component programs --strip
# Of the libraries the programs are linked with, the packages that ship them.
RUN ldd /image/usr/bin/* | awk '$3 ~ /^\// { print $3 }' | sort -u | \
    while read -r library; do dpkg -S "*${library#/usr}" || dpkg -S "$(realpath "$library")"; done | \
    cut -d : -f 1 | sort -u > /image/packages

FROM ${DEBIAN}
RUN --mount=type=bind,from=build,source=/image,target=/image \
    apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
      ca-certificates tzdata $(cat /image/packages) && \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* && \
    mkdir -m 0700 /var/lib/lowbalance && chown 65532:65532 /var/lib/lowbalance
COPY --from=build /image/usr /usr
LABEL org.opencontainers.image.title=lowbalance \
      org.opencontainers.image.description="Low balance alerts for Prometheus and Alertmanager" \
      org.opencontainers.image.source=https://github.com/lowbalance/lowbalance \
      org.opencontainers.image.licenses=Apache-2.0
USER 65532:65532
WORKDIR /var/lib/lowbalance
VOLUME /var/lib/lowbalance
EXPOSE 10380 10381
CMD ["lowbalance", "--help"]
