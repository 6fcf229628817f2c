// The simulator with the shipped providers in it.

#include "services.h"
#include "simulation/command.h"

int main(int argc, char** argv) {
    auto options = kssedr::simulation::parse_options({argv + 1, argv + argc});
    if (!options) return 2;
    options->services = kssedr::simulation::make_real_providers;
    return kssedr::simulation::simulate(*options);
}
