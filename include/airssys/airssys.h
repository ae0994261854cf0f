/* airssys: sandboxed WebAssembly components as supervised actors. One include for all of it. */
#ifndef AIRSSYS_AIRSSYS_H
#define AIRSSYS_AIRSSYS_H

#include <airssys/actor.h>
#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/codec.h>
#include <airssys/dead_letter.h>
#include <airssys/clock.h>
#include <airssys/error.h>
#include <airssys/export.h>
#include <airssys/grant.h>
#include <airssys/health.h>
#include <airssys/id.h>
#include <airssys/load.h>
#include <airssys/log.h>
#include <airssys/node.h>
#include <airssys/random.h>
#include <airssys/status.h>
#include <airssys/supervisor.h>
#include <airssys/version.h>

#endif
