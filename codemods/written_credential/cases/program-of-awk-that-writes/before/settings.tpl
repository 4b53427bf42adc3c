token=@TOKEN@
