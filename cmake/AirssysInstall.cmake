# What ./dev install puts in place: headers, library, command, the guest SDK, and what pkg-config and CMake need.
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/airssys)
install(DIRECTORY include/airssys DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY wit/ DESTINATION ${CMAKE_INSTALL_DATADIR}/airssys/wit FILES_MATCHING PATTERN "*.wit")
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/sdk/c)
  install(DIRECTORY sdk/c/ DESTINATION ${CMAKE_INSTALL_DATADIR}/airssys/sdk/c)
endif()
install(FILES LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(installed "")
foreach(target airssys_library airssys_command airssys_compile)
  if(TARGET ${target})
    list(APPEND installed ${target})
  endif()
endforeach()
if(installed)
  install(TARGETS ${installed} EXPORT airssys
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT airssys NAMESPACE airssys:: FILE airssysTargets.cmake DESTINATION ${config_folder})
endif()

file(RELATIVE_PATH AIRS_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/airssys.pc.in airssys.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/airssys.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(AIRSSYS_DATA_FOLDER ${CMAKE_INSTALL_DATADIR}/airssys)
configure_package_config_file(cmake/airssysConfig.cmake.in airssysConfig.cmake INSTALL_DESTINATION ${config_folder}
                              PATH_VARS AIRSSYS_DATA_FOLDER)
write_basic_package_version_file(airssysConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/airssysConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/airssysConfigVersion.cmake
        DESTINATION ${config_folder})
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/AirssysGuest.cmake)
  install(FILES cmake/AirssysGuest.cmake DESTINATION ${config_folder})
endif()
