#include "option_list.hpp"

namespace lanewise {

Options with_used(Options options, std::size_t dimension) {
    options.settle = options.used_settle();
    options.starts = options.drawn_starts();
    options.design = choose_design(options.design, dimension);
    options.rule.beta2 = options.rule.used_beta2();
    options.final_alpha = options.used_final_alpha();
    return options;
}

}  // namespace lanewise
