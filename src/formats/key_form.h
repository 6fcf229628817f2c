/// Whether a text has one of the forms in which a service writes its keys.

#pragma once

#include "rotation/credential_shape.h"

#include <span>
#include <string_view>

namespace kssedr::formats {

[[nodiscard]] bool has_key_form(std::string_view text, std::span<rotation::KeyForm const> forms);

}  // namespace kssedr::formats
