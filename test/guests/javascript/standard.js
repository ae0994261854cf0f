// Another host's interfaces in JavaScript: each message has all of them used, and what came of it sent to REPORT_TO.
import { send } from 'airssys:core/host-messaging@1.0.0';
import { get as getSetting, getAll } from 'wasi:config/store@0.2.0-draft';
import { increment } from 'wasi:keyvalue/atomics@0.2.0-draft';
import { deleteMany, getMany, setMany } from 'wasi:keyvalue/batch@0.2.0-draft';
import { open } from 'wasi:keyvalue/store@0.2.0-draft';
import { log } from 'wasi:logging/logging@0.1.0-draft';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

let reportTo = '';

// The case of the error that an import answers with.
function refusal(call) {
  try {
    call();
  } catch (error) {
    return error.payload.tag;
  }
  return 'nothing';
}

function configuration() {
  return [
    `greeting ${getSetting('greeting')}`,
    `nothing ${getSetting('nothing')}`,
    `all ${getAll().map(([name]) => name).join(' ')}`,
    `hidden ${refusal(() => getSetting('hidden'))}`,
  ];
}

function buckets() {
  const lines = [];
  const sessions = open('sessions');
  sessions.set('a', encoder.encode('one'));
  lines.push(`a ${decoder.decode(sessions.get('a'))}`);
  lines.push(`b ${sessions.exists('b')}`);
  setMany(sessions, [['b', encoder.encode('two')], ['c', encoder.encode('three')]]);
  const found = getMany(sessions, ['b', 'x', 'c']);
  lines.push(`many ${found.map((pair) => (pair === undefined ? '-' : decoder.decode(pair[1]))).join(' ')}`);
  lines.push(`keys ${sessions.listKeys(undefined).keys.join(' ')}`);
  deleteMany(sessions, ['b', 'c']);
  sessions.delete('a');
  lines.push(`left ${sessions.listKeys(undefined).keys.length}`);
  increment(sessions, 'n', 5n);
  lines.push(`n ${increment(sessions, 'n', 2n)}`);
  sessions.delete('n');
  lines.push(`own ${refusal(() => open('default').get('a'))}`);
  lines.push(`no/bucket ${refusal(() => open('no/bucket'))}`);
  return lines;
}

export const componentLifecycle = {
  initialize(config) {
    reportTo = new Map(config.envVars).get('REPORT_TO');
  },

  handleMessage(msg) {
    if (msg.payload.length === 0) {
      return undefined;
    }
    const lines = [...configuration(), ...buckets()];
    log('warn', 'standard', 'all was used');
    log('critical', '', 'that was all');
    const [namespace, name, instance] = reportTo.split('/');
    send({ namespace, name, instance }, encoder.encode(lines.join('\n')));
    return undefined;
  },

  handleCallback() {},

  metadata() {
    return {
      name: 'standard',
      version: '1.0.0',
      description: '',
      author: '',
      license: '',
      supportedOperations: [],
      stateful: false,
    };
  },

  health() {
    return 'healthy';
  },

  shutdown() {},
};
