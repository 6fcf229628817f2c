#include "providers/password_maker.h"

#include "base/check.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

bool has_each_class(std::string_view password, rotation::PasswordPolicy const& policy) {
    return std::ranges::all_of(policy.classes, [&](std::string const& each) {
        return password.find_first_of(each) != std::string_view::npos;
    });
}

}  // namespace

SecretString make_password(rotation::PasswordPolicy const& policy, Random& random) {
    std::string characters;
    for (auto const& each : policy.classes) characters += each;
    KSSEDR_CHECK(!characters.empty() && policy.classes.size() <= policy.length, "a policy that no password meets");
    for (;;) {
        SecretString password;
        password.reserve(policy.length);
        for (std::size_t i = 0; i < policy.length; ++i)
            password.append(std::string_view(characters).substr(random.below(characters.size()), 1));
        if (has_each_class(password.expose(), policy)) return password;
    }
}

}  // namespace kssedr::providers
