/// OwnStorage: AzureWebJobsStorage, and the containers that settings name in it or elsewhere.

#pragma once

#include "config/names.h"
#include "config/storage_setting.h"

#include <optional>
#include <string_view>

namespace kssedr::config {

/// Borrows the values.
class OwnStorage {
public:
    /// `suffix` is the cloud's, for a setting that names none.
    OwnStorage(GivenValues const& given, std::string_view suffix) : given_(given), suffix_(suffix) {}

    /// What AzureWebJobsStorage opens; nothing where it says nothing, or something wrong, which is then said in
    /// `problems` without its value.
    [[nodiscard]] std::optional<StorageSetting> read(Problems& problems) const;
    /// The container that the setting `name` names by its URL; where it is not set, `fallback` in AzureWebJobsStorage,
    /// or nothing. A container in the storage that AzureWebJobsStorage opens is opened by it too; any other by kssedr's
    /// identity. `none` is the word that the setting has for no container.
    [[nodiscard]] std::optional<LockContainer> container(std::string_view name, std::string_view fallback,
                                                         std::string_view none, Problems& problems) const;

private:
    [[nodiscard]] std::string_view text(std::string_view name) const;

    GivenValues const& given_;
    std::string_view suffix_;
};

}  // namespace kssedr::config
