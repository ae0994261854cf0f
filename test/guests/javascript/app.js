// An actor in JavaScript, with the commands of the Python one: words with spaces between them, each answered.
//
// upper TEXT         the text in upper case
// count              how many messages there were
// send ID TEXT       sends the text to the actor ID ("namespace/name/instance"): "ok"
// request ID TEXT    requests with it: the request's id. How it ends goes to the actor that REPORT_TO names, as
//                    "response TEXT" or "failure TEXT"
// set KEY TEXT, get KEY   in its storage: "ok", the text
// subscribe PATTERN, unsubscribe PATTERN   "ok". What is published then is a command too.
// publish TOPIC TEXT how many mailboxes took it
// after MS TEXT, every MS TEXT   the number of a timer, which brings it the command TEXT
// cancel NUMBER      "yes" or "no"
// later TEXT         TEXT, but only when "answer" comes, or a failure, when "fail REASON" does; these answer "ok"
// nothing            nothing: that is how an input ends
// anything else      an error, "not a command: ..."
import { deferReply, fail, reply } from 'airssys:actor/replies@0.1.0';
import { cancelTimer, sendAfter, sendEvery } from 'airssys:actor/timers@0.1.0';
import { publish, subscribe, unsubscribe } from 'airssys:actor/topics@0.1.0';
import { request, send } from 'airssys:core/host-messaging@1.0.0';
import { log } from 'airssys:core/host-services@1.0.0';
import { get, set } from 'airssys:core/storage@1.0.0';

const FAILURE_TYPE = 'application/vnd.airssys.error+json';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

let count = 0;
let environment = new Map();
const owed = []; // of requests that wait: { to, text }

/** "a b c" to ["a", "b c"]. */
function cut(text) {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}

function parseId(text) {
  const parts = text.split('/');
  return { namespace: parts.slice(0, -2).join('/'), name: parts.at(-2), instance: parts.at(-1) };
}

// What is thrown out of an export is its error; imports throw theirs as `payload`.
function runtimeError(text) {
  return { tag: 'runtime-error', val: text };
}

function answer(verb, rest) {
  const [first, text] = cut(rest);
  switch (verb) {
    case '':
      return undefined;
    case 'upper':
      return encoder.encode(rest.toUpperCase());
    case 'count':
      return encoder.encode(String(count));
    case 'send':
      send(parseId(first), encoder.encode(text));
      return encoder.encode('ok');
    case 'request':
      return encoder.encode(request(parseId(first), encoder.encode(text), 5000n));
    case 'set':
      set(first, encoder.encode(text));
      return encoder.encode('ok');
    case 'get':
      return get(first);
    case 'subscribe':
      subscribe(rest);
      return encoder.encode('ok');
    case 'unsubscribe':
      unsubscribe(rest);
      return encoder.encode('ok');
    case 'publish':
      return encoder.encode(String(publish(first, encoder.encode(text), 'text/plain')));
    case 'after':
      return encoder.encode(String(sendAfter(BigInt(first), encoder.encode(text))));
    case 'every':
      return encoder.encode(String(sendEvery(BigInt(first), encoder.encode(text))));
    case 'cancel':
      return encoder.encode(cancelTimer(BigInt(rest)) ? 'yes' : 'no');
    case 'later':
      owed.push({ to: deferReply(), text: rest });
      return undefined;
    case 'answer': {
      const { to, text: owedText } = owed.shift();
      reply(to, encoder.encode(owedText), undefined);
      return encoder.encode('ok');
    }
    case 'fail':
      fail(owed.shift().to, rest);
      return encoder.encode('ok');
    default:
      throw runtimeError(`not a command: ${verb}`);
  }
}

export const componentLifecycle = {
  initialize(config) {
    environment = new Map(config.envVars);
    log('debug', 'javascript is here', undefined);
  },

  handleMessage(msg) {
    count += 1;
    try {
      return answer(...cut(decoder.decode(msg.payload)));
    } catch (error) {
      throw error.payload === undefined ? error : runtimeError(error.payload.tag);
    }
  },

  handleCallback(msg) {
    const word = msg.metadata.contentType === FAILURE_TYPE ? 'failure ' : 'response ';
    send(parseId(environment.get('REPORT_TO')), encoder.encode(word + decoder.decode(msg.payload)));
  },

  metadata() {
    return {
      name: 'javascript',
      version: '1.0.0',
      description: 'an actor in JavaScript',
      author: '',
      license: '',
      supportedOperations: ['upper', 'count'],
      stateful: true,
    };
  },

  health() {
    return 'healthy';
  },

  shutdown() {},
};
