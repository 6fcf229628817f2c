// error: no viable conversion from 'const kssedr::SecretString' to 'std::string'
#include "base/log.h"
#include "base/secret_string.h"

void show(kssedr::Log& log, [[maybe_unused]] kssedr::SecretString const& secret) {
#ifdef KSSEDR_MUST_NOT_COMPILE
    log.info("rotation.published", {{"key", secret}});
#else
    log.info("rotation.published", {{"key", "key1"}});
#endif
}
