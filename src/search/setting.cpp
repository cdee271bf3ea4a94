#include "setting.hpp"

#include "isa.hpp"
#include "threads.hpp"

namespace lanewise {

Setting::Setting(const Objective& objective, const Box& box, const Options& options)
    : objective(&objective),
      box(&box),
      options(&options),
      starts(box, options),
      isa(choose_isa(options.isa)),
      threads(available_threads(options.threads)),
      sign(options.maximize ? -1 : 1) {}

}  // namespace lanewise
