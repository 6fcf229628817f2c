/// The client secrets of an application: how they are made, listed, written, and taken away.
///
/// Rules and shapes; pure. The directory's replicas lag, so that each change has a time from which the token endpoint
/// knows it and one from which listings do (`App::propagation`, `App::listing_delay`).

#pragma once

#include "emulator/json.h"
#include "emulator/world.h"

namespace kssedr::emulator {

/// One that lives for two years from `now`, known everywhere.
[[nodiscard]] AppPassword make_password(Random& random, std::optional<std::string> name, std::string value,
                                        TimePoint now);

/// What Graph's `addPassword` takes, or an entry of a seed, which may also say `keyId` and `secretText`; what is left
/// out is made up. `invalid_argument` with what is wrong.
[[nodiscard]] Result<AppPassword> parse_password(json::value const& value, Random& random, TimePoint now);

/// Of an application that is being made: the secrets it was given, those in `listed`, else those it had, else one that
/// is made up.
[[nodiscard]] Result<void> complete_passwords(App& app, json::value const* listed, App const* former, Random& random,
                                              TimePoint now);

/// Adds it; replicas hear of it later.
AppPassword& add_password(App& app, AppPassword password, TimePoint now);
/// False where there is none of that id.
[[nodiscard]] bool remove_password(App& app, std::string_view key_id, TimePoint now);
/// What a listing shows at that time.
[[nodiscard]] std::vector<AppPassword const*> list_passwords(App const& app, TimePoint now);
/// How many it may have; none but those for personal accounts are counted.
[[nodiscard]] bool has_room(App const& app);

/// As a listing has it, without the value.
[[nodiscard]] json::object to_graph(AppPassword const& password);

}  // namespace kssedr::emulator
