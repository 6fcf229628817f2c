# kssedr_embed(TARGET FILE FUNCTION HEADER): makes the bytes of FILE what FUNCTION (declared in HEADER) returns, in the
# namespace of HEADER's folder.

function(kssedr_embed target file function header)
  get_filename_component(name ${file} NAME)
  get_filename_component(layer ${header} DIRECTORY)
  set(generated ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  file(GENERATE OUTPUT ${generated} CONTENT
"#include \"${header}\"
namespace kssedr::${layer} {
std::string_view ${function}() {
    static constexpr std::string_view text = R\"embedded(${text})embedded\";
    return text;
}
}  // namespace kssedr::${layer}
")
  target_sources(${target} PRIVATE ${generated})
endfunction()
