# One image for web, worker and beat; docker-compose.yml says which command makes it which.

FROM node:22-slim AS pages
WORKDIR /build
COPY ui ui
COPY static static
COPY templates templates
COPY pipeline_crm pipeline_crm
COPY leads leads
COPY deals deals
COPY accounts accounts
RUN ui/build.sh

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN groupadd --system --gid 10001 crm && useradd --system --uid 10001 --gid crm --no-create-home --shell /usr/sbin/nologin crm
COPY requirements/production.txt requirements/production.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/production.txt
COPY . .
COPY --from=pages /build/static/dist static/dist
# The values below only let the command start; none of them stays in the image.
RUN python -m pipeline_crm.launch.messages \
    && SECRET_KEY=unused DATA_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= DATABASE_URL=postgresql://unused/unused ALLOWED_HOSTS=unused MAIL_URL=nowhere: \
       python manage.py collectstatic --noinput \
    && mkdir -p var/media var/beat && chown -R crm:crm var/media var/beat
USER crm
EXPOSE 8000
CMD ["gunicorn", "pipeline_crm.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "3", "--preload", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
