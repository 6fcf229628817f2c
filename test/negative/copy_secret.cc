// error: call to deleted constructor of 'kssedr::SecretString'
// error: overload resolution selected deleted operator '='
#include "base/secret_string.h"

kssedr::SecretString keep(kssedr::SecretString const& secret) {
#ifdef KSSEDR_MUST_NOT_COMPILE
    kssedr::SecretString other;
    other = secret;
    return secret;
#else
    return secret.clone();
#endif
}
