#include "setting.hpp"

#include <omp.h>

#include "isa.hpp"

namespace lanewise {

Setting::Setting(const Objective& objective, const Box& box, const Options& options)
    : objective(&objective),
      box(&box),
      options(&options),
      starts(box, options),
      isa(choose_isa(options.isa)),
      threads(options.threads > 0 ? options.threads : omp_get_max_threads()),
      sign(options.maximize ? -1 : 1) {}

}  // namespace lanewise
