# For habit: "make test" is "./dev test".
run test bench lint format coverage install:; @./dev $@
.PHONY: run test bench lint format coverage install
