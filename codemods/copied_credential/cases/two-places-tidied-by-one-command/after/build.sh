docker build --secret id=netrc,src=.netrc -t app .
