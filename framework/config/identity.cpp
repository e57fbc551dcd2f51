#include "framework/config/identity.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "framework/config/config_difference.hpp"

namespace lockstep {
namespace {

struct KeysOfPlace {
  std::string_view place;
  std::string_view keys;
};

// The keys of 0.1.0, frozen for ever. They are part of a trial's identity whatever their values. A
// mapping that chooses a type has a list for each type.
constexpr auto kFirstKeys = std::to_array<KeysOfPlace>({
    {"",
     "schema_version name seed model data train loss optimizer learning_rate evaluate checkpoint "
     "metrics"},
    {"model", "name input layers"},
    {"model.input", "shape"},
    {"model.layers[add]", "name type inputs init"},
    {"model.layers[avg_pool2d]", "name type inputs init kernel stride padding"},
    {"model.layers[concat]", "name type inputs init"},
    {"model.layers[conv2d]",
     "name type inputs init filters kernel stride padding bias weight_scale"},
    {"model.layers[dense]", "name type inputs init units bias weight_scale"},
    {"model.layers[dropout]", "name type inputs init rate"},
    {"model.layers[flatten]", "name type inputs init"},
    {"model.layers[max_pool2d]", "name type inputs init kernel stride padding"},
    {"model.layers[relu]", "name type inputs init"},
    {"model.layers[sigmoid]", "name type inputs init"},
    {"model.layers[tanh]", "name type inputs init"},
    {"data", "dataset path validation normalize augment synthetic"},
    {"data.normalize", "mean std"},
    {"data.augment", "shift"},
    {"data.synthetic", "train test channels side"},
    {"train", "epochs steps batch_size micro_batch clip_norm max_runtime step_deadline"},
    {"loss[softmax_cross_entropy]", "type label_smoothing"},
    {"optimizer[adam]", "type beta1 beta2 epsilon weight_decay"},
    {"optimizer[sgd]", "type momentum nesterov weight_decay"},
    {"learning_rate[constant]", "schedule peak warmup warmup_steps initial_fraction"},
    {"learning_rate[cosine]", "schedule peak warmup warmup_steps initial_fraction final_fraction"},
    {"learning_rate[exponential]",
     "schedule peak warmup warmup_steps initial_fraction factor every_steps"},
    {"learning_rate[one_cycle]",
     "schedule peak warmup warmup_steps initial_fraction final_fraction"},
    {"learning_rate[step]",
     "schedule peak warmup warmup_steps initial_fraction factor every_steps"},
    {"evaluate", "every_epochs every_steps"},
    {"checkpoint", "every_epochs every_steps keep"},
    {"metrics", "digest_every_steps"},
});

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// "optimizer[sgd]" for the path "optimizer" of a mapping with `type: sgd`.
std::string place_of(const Value& mapping, const std::string& path) {
  for (const char* chooser : {"type", "schedule"}) {
    if (const Value* type = mapping.find(chooser)) return path + "[" + type->text + "]";
  }
  return path;
}

bool is_first_key(std::string_view place, std::string_view key) {
  return std::ranges::any_of(kFirstKeys, [&](const KeysOfPlace& known) {
    return known.place == place && has_word(known.keys, key);
  });
}

void leave_out_later_defaults(Value& value, const std::string& path) {
  for (Value& item : value.items) leave_out_later_defaults(item, path);
  const std::string place = place_of(value, path);
  std::erase_if(value.entries, [&](Value::Entry& entry) {
    const bool is_later = !is_first_key(place, entry.key);
    if (is_later && entry.value.is_default) return true;
    const bool was_empty = entry.value.entries.empty();
    leave_out_later_defaults(entry.value, path.empty() ? entry.key : path + "." + entry.key);
    return is_later && !was_empty && entry.value.entries.empty();  // all of it is at its defaults
  });
}

void leave_out_idle_keys(Value& mapping, const std::string& path,
                         std::span<const std::string> kept) {
  std::erase_if(mapping.entries, [&](const Value::Entry& entry) {
    const std::string key = path + entry.key;
    return never_changes_results(key) && std::ranges::find(kept, key) == kept.end();
  });
  for (Value::Entry& entry : mapping.entries) {
    leave_out_idle_keys(entry.value, path + entry.key + ".", kept);
  }
}

}  // namespace

Value without_later_defaults(Value resolved) {
  leave_out_later_defaults(resolved, "");
  return resolved;
}

Value identity_document(Value resolved, std::span<const std::string> kept) {
  leave_out_later_defaults(resolved, "");
  leave_out_idle_keys(resolved, "", kept);
  return resolved;
}

}  // namespace lockstep
