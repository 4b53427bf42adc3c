FROM --platform=linux/amd64 acme/base
COPY run.sh /run.sh
CMD ["/run.sh"]
