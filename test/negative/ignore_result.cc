// error: ignoring return value of function declared with 'nodiscard' attribute
#include "rotation/secret_ref.h"

void check() {
#ifdef KSSEDR_MUST_NOT_COMPILE
    kssedr::rotation::parse_secret_url("", "");
#endif
}
