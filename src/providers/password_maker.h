/// New passwords, by configuration's policy.

#pragma once

#include "base/random.h"
#include "base/secret_string.h"
#include "rotation/login_database.h"

namespace kssedr::providers {

/// Each character is drawn evenly from all that the policy has; drawn anew as a whole until each class is in it, which
/// takes nothing from its chance but what the policy itself takes. The policy has a class that is not empty, and no
/// more classes than characters.
[[nodiscard]] SecretString make_password(rotation::PasswordPolicy const& policy, Random& random);

}  // namespace kssedr::providers
