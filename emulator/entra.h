/// Entra: tokens for applications that know their secret or sign with their certificate's key, and the documents that
/// clients discover it by.
///
/// Shapes as recorded: numbers are numbers from the v2 endpoint and texts from the v1 endpoint; errors carry an AADSTS
/// code.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

class Entra final : public Service {
public:
    explicit Entra(Ground ground) : ground_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

    /// A token as Event Grid sends it to a protected webhook.
    [[nodiscard]] std::string make_delivery_token(std::string_view tenant, std::string_view audience,
                                                  std::string_view login_host);

private:
    enum class Protocol { v1, v2 };

    listen::Response issue(Call& call, Protocol protocol);
    /// Nothing where the application has proved itself; else what it is told.
    std::optional<listen::Response> check_proof(Call const& call, App const& app, Query const& form);
    listen::Response configuration(Call const& call, Protocol protocol) const;
    listen::Response key_set(Call const& call) const;
    listen::Response instance_discovery(Call const& call) const;
    listen::Response fail_with(Call const& call, unsigned status, std::string_view error, std::int64_t code,
                               std::string_view text);
    [[nodiscard]] Token make_token(std::string_view tenant, std::string_view audience,
                                   std::string_view login_host) const;
    void dress(listen::Response& response, std::string_view telemetry);

    Ground ground_;
};

}  // namespace kssedr::emulator
