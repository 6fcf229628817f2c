/// KeyEndpoints: the services' own endpoints, as far as a key can be tried against them: one request each, which is
/// taken with one of the resource's keys and turned down without.
///
/// Sources, Microsoft Learn: "Access control on Azure Cosmos DB resources"; App Configuration, "HMAC authentication";
/// Communication Services, "Sign an HTTP request"; the data plane references of the others.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

/// Whether a host is of such an endpoint's form: `{resource}.search.windows.net`.
[[nodiscard]] bool is_key_host(std::string_view host);

class KeyEndpoints final : public Service {
public:
    explicit KeyEndpoints(Ground ground) : ground_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    /// Null where there is no such resource.
    [[nodiscard]] KeyResource* find_resource(Call const& call) const;

    Ground ground_;
};

}  // namespace kssedr::emulator
