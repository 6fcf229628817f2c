#include "config/environment.h"

#include <string_view>

#include <stdlib.h>

extern char** environ;

namespace kssedr::config {

Environment read_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text = *entry;
        auto const equals = text.find('=');
        if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

void forget_key_log() {
    (void)::unsetenv("SSLKEYLOGFILE");
}

}  // namespace kssedr::config
