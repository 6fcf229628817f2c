/// What is said to hooks and what they answer: JSON, version 1 (docs/hooks.md, which is its reference).

#pragma once

#include "ports/credential_provider.h"
#include "rotation/hook.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr::providers {

/// No answer is longer.
inline constexpr std::size_t hook_answer_max = std::size_t{64} * 1024;

enum class HookOperation : std::uint8_t { list, regenerate, verify };

[[nodiscard]] std::string_view to_string(HookOperation operation);

struct HookRequest {
    HookOperation operation = HookOperation::list;
    std::string id;             ///< another for each call
    std::string slot{};         ///< of `regenerate`
    SecretString credential{};  ///< of `verify`
};

/// What came back, understood by nobody yet.
struct HookAnswer {
    SecretString text;
    /// Where the call itself says that it failed (an exit status, an HTTP status): what that means where the text says
    /// no more.
    std::optional<Error> failure{};
    SecretString said{};  ///< the beginning of what a program wrote to standard error
};

/// At most 4 KB, so that a pipe takes it at once.
[[nodiscard]] SecretString format_hook_request(rotation::Hook const& hook, HookRequest const& request);

/// The credentials in an answer to `list` or `regenerate`, in the order of the hook's slots. Errors: what the answer's
/// error says; the call's failure; `corrupt` where it is no answer. No message holds a credential of the answer's.
[[nodiscard]] Result<rotation::Credentials> parse_hook_slots(HookAnswer const& answer, rotation::Hook const& hook);

/// The same of an answer to `verify`. No message holds `credential`.
[[nodiscard]] Result<ports::TrialResult> parse_hook_trial(HookAnswer const& answer, SecretString const& credential);

/// Whether a text holds a credential of the request or the answer, so that it must not be shown.
[[nodiscard]] bool tells_credential(SecretString const& text, HookRequest const& request, HookAnswer const& answer);

}  // namespace kssedr::providers
