// error: no matching function for call to 'fail'
#include "base/error.h"
#include "base/secret_string.h"

kssedr::Result<void> refuse([[maybe_unused]] kssedr::SecretString const& secret) {
#ifdef KSSEDR_MUST_NOT_COMPILE
    return kssedr::fail(kssedr::Errc::invalid_argument, secret);
#else
    return kssedr::fail(kssedr::Errc::invalid_argument, "the value is not understood");
#endif
}
