/// OwnerId: whose credentials a secret holds. It is what is locked, paced and permitted as one (DESIGN 2, law 3).
///
/// | written                                                    | what it is                                          |
/// |------------------------------------------------------------|-----------------------------------------------------|
/// | `/subscriptions/…`                                         | a resource of Azure, whose keys stand in slots      |
/// | `entra:{object id}`                                        | an application of Entra ID                          |
/// | `postgresql\|mysql\|sqlserver\|redis://host[:port]/{login}` | a login of a database | | `hook:{name}` | what a
/// configured hook makes credentials of         |

#pragma once

#include "rotation/arm_id.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr::rotation {

class OwnerId {
public:
    enum class Kind : std::uint8_t { resource, application, login, hook };

    /// A resource is an owner as it stands.
    OwnerId(ArmId resource);  // NOLINT(google-explicit-constructor)

    /// Errors: `invalid_argument`, with what is wrong. A scope that holds resources and is none is refused. A login's
    /// host comes out in lower case, without the port that is its service's own.
    [[nodiscard]] static Result<OwnerId> parse(std::string_view text);
    /// An application by its object id alone, as Microsoft's functions write it. Nothing where the text is no UUID.
    [[nodiscard]] static std::optional<OwnerId> find_application(std::string_view object_id);
    /// Whether the text begins like an owner that is no resource of Azure.
    [[nodiscard]] static bool has_other_scheme(std::string_view text);

    [[nodiscard]] Kind kind() const { return kind_; }
    /// As it was written, but for what `parse` makes the same.
    [[nodiscard]] std::string const& text() const { return text_; }
    /// The key by which locks and caches know it.
    [[nodiscard]] std::string key() const;
    /// What is asked for its credentials, and sets the pace: a subscription's provider of resources, the directory, the
    /// database server, the hook.
    [[nodiscard]] std::string service_key() const;
    /// The same for people.
    [[nodiscard]] std::string service_name() const;
    /// `Microsoft.Storage/storageAccounts`, `entra`, `postgresql`, `hook`: for messages and look-ups.
    [[nodiscard]] std::string type() const;
    /// The resource's last name, the object id, the login, the hook's name.
    [[nodiscard]] std::string_view name() const;
    /// `host` or `host:port` of a login; else empty.
    [[nodiscard]] std::string_view host() const;
    /// Null where it is none of Azure's resources. Valid as long as this.
    [[nodiscard]] ArmId const* resource() const { return resource_ ? &*resource_ : nullptr; }

    friend bool operator==(OwnerId const& a, OwnerId const& b);

private:
    OwnerId(Kind kind, std::string text, std::size_t name_at)
        : kind_(kind), text_(std::move(text)), name_at_(name_at) {}

    Kind kind_;
    std::string text_;
    std::size_t name_at_ = 0;
    std::optional<ArmId> resource_;
};

}  // namespace kssedr::rotation
