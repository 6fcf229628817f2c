// error: overload resolution selected deleted operator '<<'
#include "base/secret_string.h"

#include <iostream>

void show([[maybe_unused]] kssedr::SecretString const& secret) {
#ifdef KSSEDR_MUST_NOT_COMPILE
    std::cout << secret;
#endif
}
