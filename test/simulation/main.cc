// The simulator: worlds by their seeds, one after the other, until one breaks a promise.

#include "command.h"

int main(int argc, char** argv) {
    auto const options = kssedr::simulation::parse_options({argv + 1, argv + argc});
    if (!options) return 2;
    return kssedr::simulation::simulate(*options);
}
