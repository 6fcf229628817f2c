// error: no viable conversion from 'const kssedr::SecretString'
// error: invalid operands to binary expression
#include "base/secret_string.h"

std::string show([[maybe_unused]] kssedr::SecretString const& secret) {
    std::string text = "the key is ";
#ifdef KSSEDR_MUST_NOT_COMPILE
    std::string_view const view = secret;
    text = text + secret;
#endif
    return text;
}
