/// Gate: who may ask. One for event push, one for the API, each with rules of its own.
///
/// A caller shows a shared secret, or a token of the tenant's. The answer to one who may not tells apart what is wrong
/// for good (401, 403: Event Grid then drops what it sent) and what may pass (503). Failures are counted, and beyond a
/// few answered 429 and logged no more; whoever shows the right thing is let in all the same, so that nobody can lock
/// others out.

#pragma once

#include "async/clock.h"
#include "base/log.h"
#include "base/secret_string.h"
#include "listen/http_server.h"
#include "ports/token_check.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::server {

struct GateRules {
    /// Where the shared secret stands: a header's name; empty: `Authorization: Bearer`.
    std::string secret_header;
    SecretString shared_secret;                      ///< empty: none is taken
    std::shared_ptr<ports::TokenCheck> token_check;  ///< null: no token is taken
    std::vector<std::string> applications;           ///< ids of those whose tokens are taken, in any case
    std::vector<std::string> roles;                  ///< and of those who have one of these
};

class Gate {
public:
    /// `name`: what it guards, for logs: `push`, `api`.
    Gate(std::string name, GateRules rules, Clock& clock, Log& log)
        : name_(std::move(name)), rules_(std::move(rules)), clock_(clock), log_(log) {}

    /// From now on these hold; who is being looked at already is judged by them too, if his token held before.
    void renew(GateRules rules) { rules_ = std::move(rules); }
    /// Whether anybody could pass. What nobody can pass is not there: 404.
    [[nodiscard]] bool is_configured() const { return !rules_.shared_secret.empty() || rules_.token_check != nullptr; }
    /// Nothing: he may pass. Else what he is answered.
    Task<std::optional<listen::Response>> refuse(listen::Request const& request, SteadyPoint deadline);
    /// How many were not let in.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

private:
    [[nodiscard]] bool shows_secret(listen::Request const& request) const;
    [[nodiscard]] bool may_pass(ports::Principal const& principal) const;
    listen::Response turn_away(unsigned status, std::string_view why);

    std::string name_;
    GateRules rules_;
    Clock& clock_;
    Log& log_;
    std::uint64_t refused_ = 0;
    Duration debt_{};  // grows by each failure, shrinks by the time
    SteadyPoint debt_at_{};
};

}  // namespace kssedr::server
